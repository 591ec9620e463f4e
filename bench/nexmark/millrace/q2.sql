-- Bids for some auctions.
CREATE TABLE result WITH (connector = 'file', path = '${ROWS}', format = 'csv') AS
  SELECT auction, price FROM bids WHERE auction % 123 = 0;
