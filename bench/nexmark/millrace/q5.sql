-- The auctions with most bids of the last 10 seconds, each 2 seconds; all of them where several have as many.
CREATE VIEW counts AS SELECT auction, count(*) AS num, window_start AS begun, window_end AS ended FROM hop(bids, '2 s', '10 s') GROUP BY window_start, window_end, auction;
CREATE VIEW most AS SELECT max(num) AS num FROM tumble(counts, '1 us') GROUP BY window_start, window_end;
CREATE VIEW hot AS SELECT c.auction, num, c.ended FROM tumble(counts, '1 us') AS c JOIN tumble(most, '1 us') AS m USING (window_start, window_end, num);
CREATE TABLE result WITH (connector = 'file', path = '${ROWS}', format = 'csv') AS
  SELECT auction, num, (extract(epoch FROM ended) * 1000)::bigint AS ms FROM hot;
