-- Every bid as it came.
CREATE TABLE result WITH (connector = 'file', path = '${ROWS}', format = 'csv') AS
  SELECT auction, bidder, price, (extract(epoch FROM at) * 1000)::bigint AS ms, extra FROM bids;
