SET topology = 'silence';
SET title = 'Devices that have been silent for 10 minutes';

CREATE TABLE readings (device text, value double precision, at timestamp) WITH (
  connector = 'kafka', brokers = '${KAFKA_BROKERS:-localhost:9092}', topic = '${READINGS:-readings}',
  format = 'json', event_time = 'at', watermark_delay = '10 s', idle_timeout = '10 s'
);

-- A heartbeat: it has the time of the machine's clock, so time goes on when no device says anything.
CREATE TABLE beats (sessionid text) WITH (
  connector = 'generator', kind = 'clicks', rate = '1/s',
  format = 'json', event_time = '_timestamp', watermark_delay = '10 s'
);
CREATE VIEW pulse AS SELECT '' AS device, _timestamp AS at FROM beats;
CREATE VIEW heard AS SELECT device, at FROM readings UNION ALL SELECT device, at FROM pulse;

CREATE VIEW silent AS
  SELECT * FROM heard AS l
  WHERE NOT EXISTS (
    SELECT FROM heard AS r
    WHERE l.device = r.device AND r.at BETWEEN l.at + interval '1 microsecond' AND l.at + interval '10 minutes'
  );

CREATE TABLE alerts WITH (
  connector = 'kafka', brokers = '${KAFKA_BROKERS:-localhost:9092}', topic = '${ALERTS:-silent_devices}',
  key = 'device', create.partitions = 1
) AS SELECT device, at AS last_heard FROM silent WHERE device <> '';
