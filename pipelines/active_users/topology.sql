-- The job in SQL: clicks per user and 5-minute window, on the screen (most active first) and in the topic `active2` (ascending).
-- It is topology.json in its other form: the same stages by the same names, so a state goes on with either.
SET topology = 'active_users';
SET title = 'Tumbling Window Stream Active Users';

CREATE TABLE parsed (
  userid text,
  -- 2021-04-24 19:55:00.796+0000: what follows the seconds is ignored
  "timestamp" timestamp OPTIONS (format '%Y-%m-%d %H:%M:%S', trailing 'ignore')
) WITH (
  connector = 'kafka',
  source = 'clicks',
  brokers = '${KAFKA_BROKERS:-localhost:9092}',
  topic = 'active',
  start = 'earliest',
  format = 'json',
  event_time = 'timestamp',
  watermark_delay = '5 minutes'
);

CREATE VIEW counts WITH (shards = 4) AS
  SELECT userid, count(*) AS click_number, window_start, window_end
  FROM tumble(parsed, '5 minutes')
  GROUP BY window_start, window_end, userid;

CREATE VIEW active AS
  SELECT window_start AS start, window_end AS "end", userid, click_number
  FROM counts;

CREATE TABLE screen WITH (connector = 'console') AS
  SELECT * FROM active ORDER BY click_number DESC;

CREATE TABLE topic WITH (
  connector = 'kafka',
  brokers = '${KAFKA_BROKERS:-localhost:9092}',
  topic = 'active2',
  key = 'userid',
  create.partitions = 1,
  create.replication = 1
) AS
  SELECT * FROM active ORDER BY click_number;
