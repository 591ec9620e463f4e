-- Clicks by user in windows of 60 s, each second, where there are at least 8. A click of the second s is in the windows that
-- end from s + 1 to s + 60: the sum of what comes and goes is the count of the windows until the next change.
with clicks as (
  select json->>'userid' as userid, epoch(strptime((json->>'timestamp')[1:19], '%Y-%m-%d %H:%M:%S'))::bigint as s from records),
changes as (
  select userid, s + 1 as e, count(*) as change from clicks group by all
  union all select userid, s + 61, -count(*) from clicks group by all),
net as (select userid, e, sum(change) as change from changes group by all),
running as (
  select userid, e, sum(change) over following as n, lead(e) over following as until
  from net window following as (partition by userid order by e))
select unnest(range(e, until)) as e, userid, n::bigint as n from running where n >= 8
