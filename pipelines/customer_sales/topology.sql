-- The consumer in SQL: sales of the last minute per customer, every 10 s; high volume customers are appended to a text file.
-- It is topology.json in its other form: the same stages by the same names, so a state goes on with either.
SET topology = 'customer_sales';
SET title = 'CustomerSalesProcessor';

CREATE TABLE parsed ("customerName" text, quantity bigint, value double precision) WITH (
  connector = 'kafka',
  source = 'sales',
  brokers = '${KAFKA_BROKERS:-localhost:9092}',
  topic = 'customer_sales',
  start = 'earliest',
  format = 'json',
  -- Sales carry no time of their own: Kafka's. Two seconds, a batch of the original, for producers whose clocks differ.
  event_time = '_timestamp',
  watermark_delay = '2 s'
);

CREATE VIEW volumes AS
  SELECT "customerName", sum(quantity) AS quantity, window_start, window_end
  FROM hop(parsed, '10 s', '60 s')
  GROUP BY window_start, window_end, "customerName"
  HAVING sum(quantity) >= 60000000;

CREATE VIEW lines AS
  SELECT
    to_char(window_end at time zone '${SALES_ZONE:-UTC}', 'YYYY-MM-DD HH24:MI:SS') || '.0' AS "time",
    "customerName" AS name,
    quantity
  FROM volumes;

CREATE TABLE customers WITH (
  connector = 'file',
  path = '${HOME}/spark-results/customers.txt',
  at_start = 'empty',  -- of an earlier job; never again once this one has begun
  format = 'text',
  template = 'Time: ''{time}'' : Name: ''{name}'' : Quantity ''{quantity}''.'
) AS
  SELECT * FROM lines ORDER BY quantity DESC;
