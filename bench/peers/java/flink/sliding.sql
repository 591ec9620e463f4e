-- The click count of sliding windows in Flink SQL, run by FlinkSql.
create table clicks (
  userid string,
  `timestamp` string,
  clicked as to_timestamp(substring(`timestamp`, 1, 19)),
  watermark for clicked as clicked - interval '1' minute
) with ('connector' = 'filesystem', 'path' = '${EVENTS}', 'format' = 'json');

create table counts (e bigint, userid string, n bigint)
with ('connector' = 'filesystem', 'path' = '${ROWS}', 'format' = 'csv');

insert into counts
select timestampdiff(second, timestamp '1970-01-01 00:00:00', window_end), userid, count(*)
from hop(table clicks, descriptor(clicked), interval '1' second, interval '60' second)
group by window_start, window_end, userid
having count(*) >= 8;
