-- Who registered and opened an auction in the same 10 seconds.
CREATE VIEW registered AS SELECT id, name FROM tumble(people, '10 s') GROUP BY window_start, window_end, id, name;
CREATE VIEW selling AS SELECT seller AS id FROM tumble(auctions, '10 s') GROUP BY window_start, window_end, seller;
CREATE VIEW both_of AS SELECT id, r.name, window_start FROM tumble(registered, '10 s') AS r JOIN tumble(selling, '10 s') AS s USING (window_start, window_end, id);
CREATE TABLE result WITH (connector = 'file', path = '${ROWS}', format = 'csv') AS
  SELECT id, name, (extract(epoch FROM window_start) * 1000)::bigint AS ms FROM both_of;
