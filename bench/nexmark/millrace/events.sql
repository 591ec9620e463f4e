-- Goes before each query: the events, and a view for each of their kinds.
SET topology = 'nexmark';

CREATE TYPE person_event AS (id bigint, name text, email text, card text, city text, state text, extra text);
CREATE TYPE auction_event AS (id bigint, item text, description text, initial_bid bigint, reserve bigint, expires bigint, seller bigint, category bigint, extra text);
CREATE TYPE bid_event AS (auction bigint, bidder bigint, price bigint, channel text, url text, extra text);
CREATE TABLE events (event_type bigint, at_ms timestamp OPTIONS (format 'epoch_ms'), person person_event, auction auction_event, bid bid_event) WITH (
  connector = 'file', path = '${EVENTS}', format = 'json', event_time = 'at_ms', watermark_delay = '1 s'
);
CREATE VIEW people AS SELECT e.person.id AS id, e.person.name AS name, e.person.city AS city, e.person.state AS state, at_ms AS at
  FROM events AS e WHERE event_type = 0;
CREATE VIEW auctions AS SELECT e.auction.id AS id, e.auction.seller AS seller, e.auction.category AS category, to_timestamp(e.auction.expires / 1000.0) AS expires, at_ms AS at
  FROM events AS e WHERE event_type = 1;
CREATE VIEW bids AS SELECT e.bid.auction AS auction, e.bid.bidder AS bidder, e.bid.price AS price, e.bid.extra AS extra, at_ms AS at
  FROM events AS e WHERE event_type = 2;
