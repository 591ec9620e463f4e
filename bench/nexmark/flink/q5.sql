-- The auctions with most bids of the last 10 seconds, each 2 seconds; all of them where several have as many.

create table answer (auction bigint, num bigint, ms bigint) with ('connector' = 'filesystem', 'path' = '${ROWS}', 'format' = 'csv');

create view counts as
  select auction, count(*) as num, window_start, window_end
  from hop(table bids, descriptor(ts), interval '2' second, interval '10' second) group by auction, window_start, window_end;

insert into answer
select c.auction, c.num, 1000 * cast(timestampdiff(second, timestamp '1970-01-01 00:00:00', c.window_end) as bigint)
from counts c join (select max(num) as most, window_start, window_end from counts group by window_start, window_end) m
  on c.window_start = m.window_start and c.window_end = m.window_end and c.num >= m.most;
