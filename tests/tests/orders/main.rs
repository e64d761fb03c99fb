//! Leads, orders and their papers, goods and where they stand.

mod after_delivery;
mod goods;
mod leads;
mod loan_files;
mod looks;
mod order_lists;
mod orders_and_stock;
mod papers;
mod shortages;
mod stages;
mod stock;
mod stock_orders;
mod write_offs;
