, counts as (
  select auction, count(*)::bigint as num, time_bucket(interval '2 s', ts) + to_seconds(2 * step) as ended
  from bids, range(1, 6) as steps(step) group by all)
select auction, num, epoch_ms(ended) as ms from counts qualify num = max(num) over (partition by ended)
