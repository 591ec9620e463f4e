SET topology = 'missing_answer';
SET title = 'Orders that nobody has paid within 30 minutes';

CREATE TABLE orders (order_id bigint, customer text, amount numeric(10,2), ordered_at timestamp) WITH (
  connector = 'kafka', brokers = '${KAFKA_BROKERS:-localhost:9092}', topic = '${ORDERS:-orders}',
  format = 'json', event_time = 'ordered_at', watermark_delay = '1 minute', idle_timeout = '1 minute'
);

CREATE TABLE payments (order_id bigint, method text, paid_at timestamp) WITH (
  connector = 'kafka', brokers = '${KAFKA_BROKERS:-localhost:9092}', topic = '${PAYMENTS:-payments}',
  format = 'json', event_time = 'paid_at', watermark_delay = '1 minute', idle_timeout = '1 minute'
);

CREATE VIEW unpaid AS
  SELECT * FROM orders AS l
  WHERE NOT EXISTS (
    SELECT FROM payments AS r
    WHERE l.order_id = r.order_id AND r.paid_at BETWEEN l.ordered_at AND l.ordered_at + interval '30 minutes'
  );

CREATE TABLE reminders WITH (
  connector = 'kafka', brokers = '${KAFKA_BROKERS:-localhost:9092}', topic = '${REMINDERS:-reminders}',
  key = 'order_id', create.partitions = 1
) AS SELECT order_id::text AS order_id, customer, amount, ordered_at FROM unpaid;
