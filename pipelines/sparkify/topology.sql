-- The job in SQL: from the topic into a table: each event as a row of a Parquet file, in a folder a day.
-- It is topology.json in its other form: the same stages by the same names, so a state goes on with either.
SET topology = 'sparkify';
SET title = 'Sparkify events';

CREATE TABLE events (
  ts bigint,
  "userId" text,
  "sessionId" bigint,
  page text,
  auth text,
  method text,
  status text,  -- a number on the wire
  level text,
  "itemInSession" bigint,
  location text,
  "userAgent" text,
  "lastName" text,
  "firstName" text,
  registration bigint,  -- 1541016707796.0 in some files
  gender text,
  artist text,
  song text,
  length double precision
) WITH (
  connector = 'kafka',
  source = 'messages',
  brokers = '${KAFKA_BROKERS:-localhost:9092}',
  topic = '${TOPIC:-streaming.sparkify.medium_event_data}',
  start = '${START:-earliest}',
  format = 'json'
);

CREATE VIEW rows AS
  SELECT
    ts,
    "userId" AS userid,
    "sessionId" AS sessionid,
    page,
    auth,
    method,
    status,
    level,
    "itemInSession" AS iteminsession,
    location,
    "userAgent" AS useragent,
    "lastName" AS lastname,
    "firstName" AS firstname,
    registration,
    gender,
    artist,
    song,
    length,
    -- The day that it was there, where the listeners are.
    to_char(to_timestamp(ts / 1000.0) at time zone '${ZONE:-Asia/Ho_Chi_Minh}', 'YYYYMMDD') AS part_date
  FROM events;

CREATE TABLE event_data WITH (
  connector = 'parquet',
  path = '${TABLE:-/tmp/sparkify/medium_event_data}',
  partition_by = 'part_date',
  compression = '${COMPRESSION:-snappy}',
  roll.age = '${ROLL:-10 seconds}',
  at_start = '${OLD_TABLE:-append}'
) AS
  SELECT * FROM rows;
