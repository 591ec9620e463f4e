-- Prices in euros.
CREATE TABLE result WITH (connector = 'file', path = '${ROWS}', format = 'csv') AS
  SELECT auction, bidder, 0.908 * price AS price, (extract(epoch FROM at) * 1000)::bigint AS ms, extra FROM bids;
