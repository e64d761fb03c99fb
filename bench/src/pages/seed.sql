-- What pages are measured on: `bench.orders` orders of a year, with their clients, leads, invoices, goods; a month of pushes and refused
-- requests. Written past the hub, as if all of it had been told long ago.
SET hub.own = 'on';
SET search_path = partners, public;

-- One in ten has clients' second names in common, as families have; four in five buy once.
INSERT INTO res_partner (id, name, email, phone, city, street, state_id, country_id, bank_ids, status, create_by, create_uid, write_uid)
SELECT 1000000 + n,
    (ARRAY['Amine', 'Yasmine', 'Mourad', 'Nadia', 'Karim', 'Lamia', 'Sofiane', 'Meriem', 'Réda', 'Samira'])[1 + n % 10] || ' '
        || initcap(substr(translate(md5((n / 10)::text), '0123456789abcdef', 'kbtdrlmnpsvzaeio'), 1, 7)),
    'client.' || n || '@pages.example',
    '05' || lpad(((n * 7919) % 100000000)::text, 8, '0'),
    'Oran', n % 200 || ' rue Didouche Mourad', s.state_id, s.country_id, ARRAY[1 + n % 2], 'ACTIVE', 'ekiclik', 2, 2
FROM generate_series(1, current_setting('bench.orders')::bigint) n,
    LATERAL (SELECT id AS state_id, country_id FROM res_country_state ORDER BY id OFFSET n % 40 LIMIT 1) s;

CREATE TEMP TABLE page_order AS
SELECT n, 1000000 + n AS id, 1 + n % 2 AS bank_id, (ARRAY['Alsalam', 'BNA'])[1 + n % 2] AS bank,
    1000000 + 1 + (n - 1) % (m.many * 4 / 5 / 2 * 2) AS partner_id,
    now() - (m.many - n) * interval '365 days' / m.many AS at,
    CASE WHEN n > m.many * 95 / 100
        THEN (ARRAY['EK_ORDER_CREATED', 'EK_ORDER_IN_PREPARATION', 'EK_ORDER_CREATED', 'EK_ORDER_IN_DELIVERY', 'EK_ORDER_DELIVERED'])[1 + n % 5]
        WHEN n % 7 = 0 THEN 'EK_CLIENT_ORDER_CANCELED' ELSE 'EK_ORDER_DELIVERED' END AS ek_state,
    pos.id AS pos_id, pos.code_pos, w.id AS warehouse_id, l.id AS location_id, t.id AS picking_type_id
FROM (SELECT current_setting('bench.orders')::bigint AS many) m, generate_series(1, m.many) n
JOIN (SELECT id, code_pos, row_number() OVER (ORDER BY id) - 1 AS place, count(*) OVER () AS places FROM res_partner WHERE is_pos) pos
    ON pos.place = n / 2 % pos.places
JOIN stock.stock_warehouse w ON w.partner_id = pos.id
JOIN stock.stock_location l ON l.warehouse_id = w.id AND l.returns_of IS NULL
JOIN stock.stock_picking_type t ON t.warehouse_id = w.id AND t.code = 'outgoing';

-- Two lines an order; one product in ten orders is the same, as what is advertised is.
CREATE TEMP TABLE page_line AS
SELECT o.*, k, 2 * o.id + k AS line_id, p.id AS product_id, p.name AS product, p.manufacturer_ref, 1000 + p.id % 90000 AS price,
    CASE o.ek_state WHEN 'EK_ORDER_DELIVERED' THEN 'done' WHEN 'EK_CLIENT_ORDER_CANCELED' THEN 'cancel'
        ELSE CASE WHEN (o.n + k) % 5 = 0 THEN 'confirmed' ELSE 'assigned' END END AS move_state
FROM page_order o, generate_series(0, 1) k,
    (SELECT min(id) AS first, count(*) AS many FROM catalog.product_template WHERE manufacturer_ref LIKE 'BENCH-%') c,
    LATERAL (SELECT * FROM catalog.product_template t
        WHERE t.id = c.first + CASE WHEN k = 0 AND o.n % 10 = 0 THEN 0 ELSE (o.n * 7919 + k * 104729) % c.many END) p;
ANALYZE page_order, page_line;

SET search_path = crm, public;
INSERT INTO crm_lead (id, name, partner_id, bank_id, order_source, cart_id, ek_order_id, stage_id, priority, code_pos, pos_id, expected_revenue,
    file_number, order_status, progress, file_state, file_state_date, create_by, create_uid, write_uid, create_date, write_date)
SELECT id, 'Panier ' || id, partner_id, bank_id, bank, id, id, CASE WHEN ek_state = 'EK_ORDER_DELIVERED' THEN 3
        WHEN ek_state = 'EK_CLIENT_ORDER_CANCELED' THEN 4 ELSE 1 + n % 2 END, (n % 4)::text, code_pos, pos_id,
    l.total,
    id, 'draft', n % 10 / 10.0, (ARRAY['traitement', 'accepte', 'refuse', 'signature'])[1 + n % 4], at, 'ekiclik', 2, 2, at, at
FROM page_order o JOIN (SELECT n, sum(price) AS total FROM page_line GROUP BY n) l USING (n);
INSERT INTO sale_order (id, opportunity_id, partner_id, bank_id, order_source, ek_order_id, state, ek_state, date_order, effective_date, code_pos,
    pos_id, delivery_type, delivery_street, delivery_state_id, delivery_country_id, amount_untaxed, amount_tax, amount_total,
    create_by, create_uid, write_uid, create_date, write_date)
SELECT o.id, o.id, o.partner_id, o.bank_id, o.bank, o.id,
    CASE o.ek_state WHEN 'EK_ORDER_DELIVERED' THEN 'done' WHEN 'EK_CLIENT_ORDER_CANCELED' THEN 'cancel' ELSE 'sale' END, o.ek_state, o.at,
    CASE o.ek_state WHEN 'EK_ORDER_DELIVERED' THEN o.at + interval '2 days' END, o.code_pos, o.pos_id, 'delivery', p.street, p.state_id,
    p.country_id, l.untaxed, l.total - l.untaxed, l.total, 'ekiclik', 2, 2, o.at, o.at
FROM page_order o JOIN partners.res_partner p ON p.id = o.partner_id
JOIN (SELECT n, sum(price) AS total, sum(round(price / 1.19, 2)) AS untaxed FROM page_line GROUP BY n) l ON l.n = o.n;
INSERT INTO sale_order_line (id, order_id, sequence, product_id, name, manufacturer_ref, product_uom_qty, price_unit, tax_id, tax_rate,
    tax_included, price_subtotal, price_tax, price_total, code_pos, pos_id, bank_id, reserved, short, qty_delivered,
    create_by, create_uid, write_uid, create_date, write_date)
SELECT line_id, id, 10 + k, product_id, product, manufacturer_ref, 1, price, 1, 19, true, round(price / 1.19, 2), price - round(price / 1.19, 2),
    price, code_pos, pos_id, bank_id, (move_state = 'assigned')::int, (move_state = 'confirmed')::int, (move_state = 'done')::int,
    'ekiclik', 2, 2, at, at
FROM page_line;
-- A posted document's lines come before it
INSERT INTO account_move_line (id, move_id, sequence, product_id, name, manufacturer_ref, quantity, price_unit, tax_id, tax_rate, tax_included,
    price_subtotal, price_tax, price_total, sale_line_id, bank_id, create_date)
SELECT line_id, id, 10 + k, product_id, product, manufacturer_ref, 1, price, 1, 19, true, round(price / 1.19, 2), price - round(price / 1.19, 2),
    price, line_id, bank_id, at
FROM page_line WHERE ek_state = 'EK_ORDER_DELIVERED';
INSERT INTO account_move (id, name, move_type, state, sale_id, partner_id, bank_id, order_source, invoice_origin, invoice_date, date,
    amount_untaxed, amount_tax, amount_total, create_date)
SELECT o.id, 'BENCH/' || to_char(o.at, 'YYYY') || '/' || o.id, 'out_invoice', 'posted', o.id, o.partner_id, o.bank_id, o.bank, s.name, o.at, o.at,
    s.amount_untaxed, s.amount_tax, s.amount_total, o.at
FROM page_order o JOIN sale_order s ON s.id = o.id WHERE o.ek_state = 'EK_ORDER_DELIVERED';
INSERT INTO audit (at, actor, origin, bank, model, record_id, field, before, after)
SELECT at, 2, 'ekiclik', bank_id, 'sale.order', id, NULL, NULL::jsonb, '{}'::jsonb FROM page_order
UNION ALL
SELECT at + interval '1 hour', 2, 'ekiclik', bank_id, 'sale.order', id, 'ek_state', '"EK_ORDER_CREATED"', to_jsonb(ek_state)
FROM page_order WHERE ek_state <> 'EK_ORDER_CREATED';

SET search_path = stock, public;
INSERT INTO order_demand (order_id, version, ek_state) SELECT id, 1, ek_state FROM page_order;
INSERT INTO stock_picking (id, name, origin, state, picking_type_id, picking_type_code, location_id, location_dest_id, partner_id, sale_id, bank_id,
    scheduled_date, date_done, create_date)
SELECT o.id, w.code || '/OUT/' || o.id, s.name, CASE o.ek_state WHEN 'EK_ORDER_DELIVERED' THEN 'done' WHEN 'EK_CLIENT_ORDER_CANCELED' THEN 'cancel'
        ELSE CASE WHEN o.n % 5 IN (0, 4) THEN 'confirmed' ELSE 'assigned' END END,
    o.picking_type_id, 'outgoing', o.location_id, 2, o.partner_id, o.id, o.bank_id, o.at,
    CASE o.ek_state WHEN 'EK_ORDER_DELIVERED' THEN o.at + interval '2 days' END, o.at
FROM page_order o JOIN stock_warehouse w ON w.id = o.warehouse_id JOIN crm.sale_order s ON s.id = o.id;
INSERT INTO stock_move (id, name, product_id, manufacturer_ref, product_uom_qty, quantity_done, reserved_availability, state, picking_id, location_id,
    location_dest_id, sale_id, sale_line_id, origin, date, price_unit, bank_id, create_date)
SELECT l.line_id, l.product, l.product_id, l.manufacturer_ref, 1, (l.move_state = 'done')::int, (l.move_state = 'assigned')::int, l.move_state, l.id,
    l.location_id, 2, l.id, l.line_id, p.origin, l.at, l.price, l.bank_id, l.at
FROM page_line l JOIN stock_picking p ON p.id = l.id;
-- What was sold came in the day before
INSERT INTO purchase_order (id, partner_id, warehouse_id, date_order, user_id, state, create_date)
SELECT 1000000 + n, pos_id, warehouse_id, at, 2, 'purchase', at FROM page_order WHERE n % 25 = 0;
INSERT INTO purchase_order_line (id, order_id, product_id, name, manufacturer_ref, product_qty, price_unit, create_date)
SELECT line_id, id, product_id, product, manufacturer_ref, 10, price * 0.8, at FROM page_line WHERE n % 25 = 0;
INSERT INTO stock_move (id, name, product_id, manufacturer_ref, product_uom_qty, quantity_done, state, location_id, location_dest_id, purchase_line_id,
    date, price_unit, create_date)
SELECT line_id + 100000000, product, product_id, manufacturer_ref, 10, 10, 'done', 1, location_id, line_id, at, price * 0.8, at
FROM page_line WHERE n % 25 = 0;
INSERT INTO stock_move_line (move_id, picking_id, product_id, location_id, location_dest_id, qty_done, date, reference, origin, bank_id, create_date)
SELECT m.id, m.picking_id, m.product_id, m.location_id, m.location_dest_id, m.quantity_done, m.date, p.name, m.origin, m.bank_id, m.date
FROM stock_move m LEFT JOIN stock_picking p ON p.id = m.picking_id WHERE m.id > 2000000 AND m.state = 'done' ORDER BY m.date, m.id;
-- What is there: something of every product in the central warehouse, and of what points of sale sell
INSERT INTO stock_quant (product_id, product_name, manufacturer_ref, location_id, quantity)
SELECT id, name, manufacturer_ref, 4, id % 50 FROM catalog.product_template WHERE manufacturer_ref LIKE 'BENCH-%';
INSERT INTO stock_quant (product_id, product_name, manufacturer_ref, location_id, quantity, reserved_quantity)
SELECT m.product_id, max(m.name), max(m.manufacturer_ref), m.location_id, 3 + sum(m.reserved_availability), sum(m.reserved_availability)
FROM stock_move m WHERE m.id > 2000000 AND m.location_id > 4 GROUP BY m.product_id, m.location_id;

SET search_path = sync, public;
CREATE TEMP TABLE page_delivery AS
SELECT o.n, o.id, p.id AS platform_id, p.bank_id, now() - o.n * interval '30 days' / current_setting('bench.orders')::bigint AS at,
    CASE WHEN o.n % 100 = 0 THEN 'dead' ELSE 'done' END AS state
FROM page_order o JOIN LATERAL (SELECT id, bank_id FROM ek_platform ORDER BY id OFFSET o.n % 2 LIMIT 1) p ON true;
INSERT INTO ek_delivery (id, platform_id, bank_id, kind, verb, order_key, model, record_id, state, attempts, last_status, last_error, webhook_id,
    changed_at, done_at, create_date, write_date)
SELECT 1000000 + n, platform_id, bank_id, 'order', 'PUT', 'order ' || id, 'sale.order', id, state, CASE state WHEN 'dead' THEN 12 ELSE 1 END,
    CASE state WHEN 'dead' THEN 500 ELSE 200 END, CASE state WHEN 'dead' THEN 'HTTP 500' END, 'msg_bench_' || n, at,
    CASE state WHEN 'done' THEN at + interval '9 ms' END, at, at
FROM page_delivery;
INSERT INTO ek_attempt (delivery_id, bank_id, at, milliseconds, status, error, answer, create_date)
SELECT 1000000 + n, bank_id, at, 7, CASE state WHEN 'dead' THEN 500 ELSE 200 END, CASE state WHEN 'dead' THEN 'HTTP 500' END, '{}', at
FROM page_delivery, generate_series(1, CASE state WHEN 'dead' THEN 12 ELSE 1 END);
INSERT INTO ek_request (at, method, path, login, bank_id, status, error, message, reference, ek_order_id, email, trace_id)
SELECT now() - n * interval '30 days' / (current_setting('bench.orders')::bigint / 5), 'POST', '/api/crm.lead/', 'ekiclik', 1 + n % 2, 422,
    'odoo.exceptions.ValidationError', 'Missing required parameter: cart', 'REF-' || n, (1000000 + n)::text, 'client.' || n || '@pages.example', md5(n::text)
FROM generate_series(1, current_setting('bench.orders')::bigint / 5) n;
DROP TABLE page_delivery, page_line, page_order;
RESET search_path;
RESET hub.own;
