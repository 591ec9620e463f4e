-- The highest bids of each 10 seconds.

create table answer (auction bigint, bidder bigint, price bigint, ms bigint, extra string) with ('connector' = 'filesystem', 'path' = '${ROWS}', 'format' = 'csv');

create view windowed as select * from tumble(table bids, descriptor(ts), interval '10' second);

insert into answer
select b.auction, b.bidder, b.price, b.at_ms, b.extra
from windowed b join (
  select max(price) as price, window_start, window_end from tumble(table bids, descriptor(ts), interval '10' second)
  group by window_start, window_end) m
  on b.window_start = m.window_start and b.window_end = m.window_end and b.price = m.price;
