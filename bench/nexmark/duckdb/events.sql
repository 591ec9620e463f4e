with events as (
  select (json->>'event_type')::int as event_type, epoch_ms((json->>'at_ms')::bigint) as ts, json->'person' as person, json->'auction' as auction, json->'bid' as bid
  from records),
people as (
  select (person->>'id')::bigint as id, person->>'name' as name, person->>'city' as city, person->>'state' as state, ts
  from events where event_type = 0),
auctions as (
  select (auction->>'id')::bigint as id, (auction->>'seller')::bigint as seller, (auction->>'category')::bigint as category,
         epoch_ms((auction->>'expires')::bigint) as expires, ts
  from events where event_type = 1),
bids as (
  select (bid->>'auction')::bigint as auction, (bid->>'bidder')::bigint as bidder, (bid->>'price')::bigint as price, bid->>'extra' as extra, ts
  from events where event_type = 2)
