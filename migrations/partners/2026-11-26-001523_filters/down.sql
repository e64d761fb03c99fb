DROP TABLE ir_filters;
