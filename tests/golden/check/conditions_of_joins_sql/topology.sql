SET topology = 'shop';
CREATE TABLE clicks (userid text, page text, n bigint, m bigint, at timestamp) WITH (
  connector = 'file', path = 'clicks.jsonl', format = 'json', event_time = 'at');
CREATE TABLE users (userid text, name text, n bigint, at timestamp) WITH (
  connector = 'file', path = 'users.jsonl', format = 'json', event_time = 'at');
CREATE VIEW v1 AS
SELECT c.page, u.name FROM clicks AS c RIGHT JOIN as_of(users, c.at) AS u ON c.userid = u.userid;
CREATE VIEW v2 AS
SELECT c.page, u.name FROM clicks AS c FULL JOIN as_of(users, c.at) AS u ON c.userid = u.userid;
CREATE VIEW v3 AS
SELECT c.page, u.name FROM clicks AS c CROSS JOIN as_of(users, c.at) AS u;
CREATE VIEW v4 AS
SELECT c.page, u.name FROM as_of(users, c.at) AS u JOIN clicks AS c ON c.userid = u.userid;
CREATE VIEW v5 AS
SELECT c.page, u.name FROM clicks AS c JOIN users AS u ON c.userid = u.userid AND u.at BETWEEN c.at - interval '1 day' AND c.at
  AND c.n > 5;
CREATE VIEW v6 AS
SELECT c.page, u.name FROM clicks AS c JOIN users AS u ON c.userid = u.userid AND u.at BETWEEN c.at - interval '1 day' AND c.at
  AND 5 < c.n;
CREATE VIEW v7 AS
SELECT c.page, u.name FROM clicks AS c JOIN users AS u ON c.userid = u.userid AND u.at BETWEEN c.at - interval '1 day' AND c.at
  AND n <= 5;
CREATE VIEW v8 AS
SELECT c.page, u.name FROM clicks AS c JOIN users AS u ON c.userid = u.userid AND u.at BETWEEN c.at - interval '1 day' AND c.at
  AND c.n <> 5;
CREATE VIEW v9 AS
SELECT c.page, u.name FROM clicks AS c JOIN users AS u ON c.userid = u.userid AND u.at BETWEEN c.at - interval '1 day' AND c.at
  AND c.n = 5;
CREATE VIEW v10 AS
SELECT c.page, u.name FROM clicks AS c JOIN users AS u ON c.userid = u.userid AND u.at BETWEEN c.at - interval '1 day' AND c.at
  AND c.n BETWEEN 1 AND 5;
CREATE VIEW v11 AS
SELECT c.page, u.name FROM clicks AS c JOIN users AS u ON c.userid = u.userid AND u.at BETWEEN c.at - interval '1 day' AND c.at
  AND c.n > c.m;
CREATE VIEW v12 AS
SELECT c.page, u.name FROM clicks AS c JOIN users AS u ON c.userid = u.userid AND u.at BETWEEN c.at - interval '1 day' AND c.at
  AND c.n = c.m + 1;
CREATE VIEW v13 AS
SELECT c.page, u.name FROM clicks AS c JOIN users AS u ON c.userid = u.userid AND u.at BETWEEN c.at - interval '1 day' AND c.at
  AND c.at > now() - interval '1 day';
CREATE VIEW v14 AS
SELECT c.page, u.name FROM clicks AS c JOIN users AS u ON c.userid = u.userid AND u.at BETWEEN c.at - interval '1 day' AND c.at
  AND 1 < 2;
CREATE VIEW v15 AS
SELECT c.page, u.name FROM clicks AS c JOIN users AS u ON c.userid = u.userid AND u.at BETWEEN c.at - interval '1 day' AND c.at
  AND c.at > c.at - interval '1 s';
CREATE VIEW v16 AS
SELECT c.page, u.name FROM clicks AS c JOIN users AS u ON c.userid = u.userid AND u.at BETWEEN c.at - interval '1 day' AND c.at
  AND c.n > u.n;
CREATE VIEW v17 AS
SELECT l.page FROM tumble(clicks, '1 hour') AS l JOIN tumble(users, '1 hour') AS r
  ON l.userid = r.userid AND l.window_start = r.window_start AND l.window_end = r.window_end
  AND l.n > 5;
CREATE VIEW v18 AS
SELECT l.page FROM tumble(clicks, '1 hour') AS l JOIN tumble(users, '1 hour') AS r
  ON l.userid = r.userid AND l.window_start = r.window_start AND l.window_end = r.window_end
  AND l.n = 5;
CREATE VIEW v19 AS
SELECT l.page FROM tumble(clicks, '1 hour') AS l JOIN tumble(users, '1 hour') AS r
  ON l.userid = r.userid AND l.window_start = r.window_start AND l.window_end = r.window_end
  AND l.n > r.n;
CREATE VIEW v20 AS
SELECT l.page FROM tumble(clicks, '1 hour') AS l JOIN tumble(users, '1 hour') AS r
  ON l.userid = r.userid AND l.window_start = r.window_start AND l.window_end = r.window_end
  AND l.at BETWEEN r.at AND r.at + interval '1 min';
CREATE VIEW v21 AS
SELECT c.page FROM clicks AS c JOIN as_of(users, c.at) AS u ON c.userid = u.userid AND c.n > 5;
CREATE VIEW v22 AS
SELECT * FROM clicks AS c WHERE NOT EXISTS (
  SELECT FROM users AS u WHERE c.userid = u.userid AND u.at BETWEEN c.at AND c.at + interval '1 hour' AND u.n > 5);
