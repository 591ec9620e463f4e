-- Who sells in a category and in three states. The published join has no bounds in time; here both sides lie within a day.
CREATE VIEW sellers AS SELECT * FROM people WHERE state IN ('OR', 'ID', 'CA');
CREATE VIEW offers AS SELECT * FROM auctions WHERE category = 10;
CREATE VIEW pairs AS SELECT p.name, p.city, p.state, o.id
  FROM offers AS o JOIN sellers AS p ON o.seller = p.id AND p.at BETWEEN o.at - interval '1 day' AND o.at + interval '1 day';
CREATE TABLE result WITH (connector = 'file', path = '${ROWS}', format = 'csv') AS SELECT name, city, state, id FROM pairs;
