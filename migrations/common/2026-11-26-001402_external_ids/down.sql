DROP TABLE ir_model_data;
