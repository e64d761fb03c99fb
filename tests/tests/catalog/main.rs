//! Products, configurations, categories, brands and characteristics through the door.

mod products;
