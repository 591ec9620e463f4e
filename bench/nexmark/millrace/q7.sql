-- The highest bids of each 10 seconds.
CREATE VIEW highest AS SELECT max(price) AS price FROM tumble(bids, '10 s') GROUP BY window_start, window_end;
CREATE VIEW won AS SELECT b.auction, b.bidder, price, b.at, b.extra
  FROM tumble(bids, '10 s') AS b JOIN tumble(highest, '10 s') AS h USING (window_start, window_end, price);
CREATE TABLE result WITH (connector = 'file', path = '${ROWS}', format = 'csv') AS
  SELECT auction, bidder, price, (extract(epoch FROM at) * 1000)::bigint AS ms, extra FROM won;
