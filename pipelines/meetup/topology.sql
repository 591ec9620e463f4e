-- The job in SQL: answers to invitations, counted per event, group, place and answer; every 30 s the counts that have changed go to
-- the PostgreSQL table `meetup_table`, numbered by batch. It is topology.json in its other form: the same stages by the same names,
-- so a state goes on with either.
SET topology = 'meetup';
SET title = 'Meetup RSVPs';

CREATE TYPE venue AS (venue_name text, lon text, lat text, venue_id text);

CREATE TYPE member AS (member_id text, photo text, member_name text);

CREATE TYPE event AS (event_name text, event_id text, "time" text, event_url text);

CREATE TYPE topic AS (urlkey text, topic_name text);

CREATE TYPE meetup_group AS (
  group_topics topic[],
  group_city text,
  group_country text,
  group_id text,
  group_name text,
  group_lon text,
  group_urlname text,
  group_state text,
  group_lat text
);

CREATE TABLE parsed (
  venue venue,
  visibility text,
  response text,
  guests text,  -- a number on the wire: its digits
  member member,
  rsvp_id text,
  mtime text,
  event event,
  "group" meetup_group
) WITH (
  connector = 'kafka',
  source = 'rsvps',
  brokers = '${KAFKA_BROKERS:-localhost:9092}',
  topic = 'my-topic',
  start = 'latest',
  format = 'json'
);

-- Nested columns side by side, and Kafka's beside them.
CREATE VIEW flat AS
  SELECT
    _key AS key,
    _topic AS topic,
    _partition::bigint AS partition,
    _position AS "offset",
    _timestamp AS "timestamp",
    _timestamp_type AS "timestampType",
    venue.venue_name,
    venue.lon,
    venue.lat,
    venue.venue_id,
    visibility,
    response,
    guests,
    member.member_id,
    member.photo,
    member.member_name,
    rsvp_id,
    mtime,
    event.event_name,
    event.event_id,
    event.time AS "time",
    event.event_url,
    "group".group_topics,
    "group".group_city,
    "group".group_country,
    "group".group_id,
    "group".group_name,
    "group".group_lon,
    "group".group_urlname,
    "group".group_state,
    "group".group_lat
  FROM parsed;

CREATE VIEW answers AS
  SELECT
    event_name,
    event_url,
    "time" AS event_time,
    group_name,
    group_country,
    group_state,
    group_city,
    group_lat::double precision AS group_lat,
    group_lon::double precision AS group_lon,
    lat::double precision AS lat,
    lon::double precision AS lon,
    response
  FROM flat;

CREATE VIEW counts WITH (emit = 'updates', every = '30 seconds') AS
  SELECT
    event_name, event_url, event_time, group_name, group_country, group_state, group_city, group_lat, group_lon, lat, lon, response,
    count(response) AS response_count
  FROM answers
  GROUP BY
    event_name, event_url, event_time, group_name, group_country, group_state, group_city, group_lat, group_lon, lat, lon, response;

CREATE TABLE screen WITH (connector = 'console', style = 'show') AS
  SELECT *, _batch AS batch_id FROM counts;

CREATE TABLE "table" WITH (
  connector = 'sql',
  connection = '${POSTGRES_URL:-postgresql://millrace@localhost/meetup}',
  table = 'meetup_table',
  mode = 'append',
  create = true
) AS
  SELECT *, _batch AS batch_id FROM counts;
