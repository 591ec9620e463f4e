select category, avg(final) as average from (
  select a.id, a.category, max(b.price) as final from auctions a join bids b on a.id = b.auction and b.ts between a.ts and a.expires
  group by a.id, a.category)
group by category
