SET topology = 'sessions_funnel';
SET title = 'Sessions of each user, how far each came towards buying, and the funnel of each day';

CREATE TABLE events (userid text, event text, page text, at timestamp) WITH (
  connector = 'kafka', brokers = '${KAFKA_BROKERS:-localhost:9092}', topic = '${EVENTS:-events}',
  format = 'json', event_time = 'at', watermark_delay = '1 minute'
);

-- One letter an event, in the order of the events' times: vvcb is visit, visit, cart, buy.
CREATE VIEW sessions AS
  SELECT userid, window_start, window_end, count(*) AS events,
         string_agg(CASE event WHEN 'visit' THEN 'v' WHEN 'cart' THEN 'c' WHEN 'buy' THEN 'b' END, '') AS steps
  FROM session(events, '30 minutes')
  GROUP BY window_start, window_end, userid;

CREATE VIEW reached AS
  SELECT userid, window_start AS began, window_end - interval '30 minutes' AS last_event, events,
         CASE WHEN steps ~ 'v.*c.*b' THEN 3 WHEN steps ~ 'v.*c' THEN 2 WHEN steps ~ 'v' THEN 1 ELSE 0 END AS reached
  FROM sessions;

CREATE TABLE sessions_table WITH (
  connector = 'sql', connection = '${POSTGRES_URL:-postgresql://millrace@localhost/shop}', table = 'sessions', create = true
) AS SELECT userid, began, last_event, events, reached FROM reached;

CREATE VIEW funnel AS
  SELECT window_start::date AS day, count(*) AS sessions, count(*) FILTER (WHERE reached >= 1) AS visited,
         count(*) FILTER (WHERE reached >= 2) AS put_into_the_cart, count(*) FILTER (WHERE reached = 3) AS bought
  FROM tumble(reached, '1 day')
  GROUP BY window_start, window_end;

CREATE TABLE funnel_table WITH (
  connector = 'sql', connection = '${POSTGRES_URL:-postgresql://millrace@localhost/shop}', table = 'funnel', create = true
) AS SELECT * FROM funnel;
