-- The counts of the recovery job: the end of the window in ms, the user, the events.
select ((json->>'at')::bigint // 250000 + 1) * 250 as e, json->>'userid' as userid, count(*) as n
from records where json->>'userid' <> '' group by all
