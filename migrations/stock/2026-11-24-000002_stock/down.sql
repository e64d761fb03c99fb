DROP TABLE order_demand, stock_move_line, stock_move, stock_picking, purchase_order_line, purchase_order, stock_quant,
    stock_picking_type, stock_location, stock_warehouse;
DROP FUNCTION stock_move_line_append_only();
