-- The average closing price of each category: of each auction the highest bid before it expires. Rows come at the end of the
-- input; an auction lasts less than a day.
CREATE VIEW offered AS SELECT a.id, a.category, b.price, b.at AS bid_at, a.expires
  FROM auctions AS a JOIN bids AS b ON a.id = b.auction AND b.at BETWEEN a.at AND a.at + interval '1 day';
CREATE VIEW closed WITH (emit = 'final') AS SELECT id, category, max(price) AS final FROM offered WHERE bid_at <= expires GROUP BY id, category;
CREATE VIEW averages WITH (emit = 'final') AS SELECT category, avg(final) AS average FROM closed GROUP BY category;
CREATE TABLE result WITH (connector = 'file', path = '${ROWS}', format = 'csv') AS SELECT category, average FROM averages;
