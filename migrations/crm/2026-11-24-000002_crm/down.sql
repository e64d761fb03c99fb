DROP TABLE account_move_line, account_move, account_sequence, sale_order_line, sale_order, crm_lead, account_tax, crm_stage;
DROP FUNCTION account_move_is_immutable, account_move_line_is_immutable;
