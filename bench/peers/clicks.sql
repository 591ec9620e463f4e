-- Clicks by user and 5 minutes, of the time in seconds.
select (epoch(time_bucket(interval '5 minutes', strptime((json->>'timestamp')[1:19], '%Y-%m-%d %H:%M:%S'))) + 300)::bigint as e,
       json->>'userid' as userid, count(*)::bigint as n
from records group by all
