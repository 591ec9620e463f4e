-- The job in SQL: from the topic `events` into two tables: who has bought a sword, and who has joined a guild. Other events are in
-- neither. It is topology.json in its other form: the same stages by the same names, so a state goes on with either.
SET topology = 'game';
SET title = 'ExtractEventsJob';

-- Our own columns, nothing is inferred from the first message.
CREATE TABLE parsed ("Accept" text, "Host" text, "User-Agent" text, event_type text, "timestamp" text) WITH (
  connector = 'kafka',
  source = 'raw_events',
  brokers = '${KAFKA_BROKERS:-localhost:9092}',
  topic = 'events',
  start = '${START:-earliest}',
  format = 'json'
);

CREATE VIEW events AS
  SELECT
    _raw AS raw_event,                                                    -- byte for byte
    to_char(_timestamp, 'YYYY-MM-DD HH24:MI:SS.MS') AS "timestamp",       -- Kafka's, not the event's own
    "Accept" AS accept,
    "Host" AS host,
    "User-Agent" AS "user-agent",
    event_type
  FROM parsed;

CREATE TABLE sword_purchases WITH (
  connector = 'parquet',
  path = '${TABLES:-/tmp/game}/sword_purchases',
  roll.age = '10 seconds',
  at_start = '${OLD_TABLES:-append}'  -- empty: a job that begins anew drops what is there
) AS
  SELECT * FROM events WHERE event_type = 'purchase_sword';

CREATE TABLE join_guilds WITH (
  connector = 'parquet',
  path = '${TABLES:-/tmp/game}/join_guilds',
  roll.age = '10 seconds',
  at_start = '${OLD_TABLES:-append}'  -- empty: a job that begins anew drops what is there
) AS
  SELECT * FROM events WHERE event_type = 'join_guild';
