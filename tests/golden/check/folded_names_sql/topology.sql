SET topology = 'shop';
CREATE TYPE Item AS (Sku text, price double precision);
CREATE TABLE orders (orderId bigint, customer text, "unitPrice" double precision, Paid boolean, ITEMS item[]) WITH (
  connector = 'file', path = 'orders.jsonl', format = 'json'
);
CREATE TABLE visits (userId text, page text) WITH (connector = 'file', path = 'visits.csv', format = 'csv', header = true);
CREATE TABLE by_place (userId text, page text) WITH (connector = 'file', path = 'places.csv', format = 'csv');
CREATE TABLE orders_out WITH (connector = 'console') AS SELECT orderId, "unitPrice" FROM orders;
CREATE TABLE visits_out WITH (connector = 'console') AS SELECT userId FROM visits;
CREATE TABLE places_out WITH (connector = 'console') AS SELECT userId FROM by_place;
