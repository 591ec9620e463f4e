-- The three best products of each shop and hour. It is topology.json in its other form: the same stages by the same names, so a state goes on with either.
SET topology = 'top_by_key';
SET title = 'The three best products of each shop and hour';

CREATE TABLE sales (shop text, product text, pieces bigint, at timestamp) WITH (
  connector = 'kafka',
  brokers = '${KAFKA_BROKERS:-localhost:9092}',
  topic = '${TOPIC:-sales}',
  format = 'json',
  event_time = 'at',
  watermark_delay = '5 minutes',
  idle_timeout = '1 minute'
);

CREATE VIEW sold AS
  SELECT shop, product, sum(pieces) AS pieces, window_start, window_end
  FROM tumble(sales, '1 hour')
  GROUP BY window_start, window_end, shop, product;

CREATE TABLE best WITH (
  connector = 'sql',
  connection = '${POSTGRES_URL:-postgresql://localhost/shop}',
  table = 'best_products',
  create = true
) AS
  SELECT *
  FROM (SELECT *, row_number() OVER (PARTITION BY window_end, shop ORDER BY pieces DESC, product) AS place FROM sold) AS ranked
  WHERE place <= 3;
