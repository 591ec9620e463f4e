-- Goes before each query: the events, and a view for each of their kinds.
create table events (
  event_type int,
  at_ms bigint,
  person row<id bigint, name string, city string, state string>,
  auction row<id bigint, seller bigint, category bigint, expires bigint>,
  bid row<auction bigint, bidder bigint, price bigint, extra string>,
  ts as to_timestamp_ltz(at_ms, 3),
  watermark for ts as ts - interval '1' second
) with ('connector' = 'filesystem', 'path' = '${EVENTS}', 'format' = 'json');

create view people as
  select person.id as id, person.name as name, person.city as city, person.state as state, ts from events where event_type = 0;

create view auctions as
  select auction.id as id, auction.seller as seller, auction.category as category, ts from events where event_type = 1;

create view bids as
  select bid.auction as auction, bid.bidder as bidder, bid.price as price, bid.extra as extra, at_ms, ts from events where event_type = 2;
