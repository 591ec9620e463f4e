#include "actors/node/stores/postgresql/statements.hpp"

#include "actors/connectors/sql/client/trust.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::postgresql_chain {
namespace {

constexpr std::size_t longest_name = 40;

bool is_plain(std::string_view name) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
  return !name.empty() && name.size() <= longest_name && is_letter(name.front()) &&
         std::ranges::all_of(name, [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

/// Two that make a schema at once would fail with a duplicate key, so they queue for a lock. Payloads are
/// kept uncompressed, since the server would compress on every append. Half of a page of `actors` stays free
/// for new versions of its rows, of which each append makes one.
constexpr std::string_view making = R"(do $millrace$ begin
  perform pg_advisory_xact_lock(hashtextextended('millrace chains {0}', 0));
  create schema if not exists "{0}";
  create table if not exists "{0}".actors (
    id bigint generated always as identity primary key, topology text not null, actor text not null,
    format smallint not null, life bigint not null, next bigint not null, mark bigint not null, base bigint not null,
    unique (topology, actor)) with (fillfactor = 50);
  create table if not exists "{0}".records (
    actor bigint not null, number bigint not null, behind bigint not null, life bigint not null, kind smallint not null,
    payload_checksum bigint not null, checksum bigint not null, payload bytea not null, primary key (actor, number));
  alter table "{0}".records alter column payload set storage external;
  create table if not exists "{0}".segments (
    actor bigint not null, term bigint not null, number bigint not null, checksum bigint not null, payload bytea not null,
    primary key (actor, term, number));
  alter table "{0}".segments alter column payload set storage external;
end $millrace$)";

/// The actor's row is locked and compared first, so no record of a lower life follows one of a higher life
/// (R1). One statement is one transaction, and one round trip.
std::string append_where(std::string_view schema, std::string_view fence) {
  return fmt::format(R"(with held as (update "{0}".actors set life = $2::bigint, next = $3::bigint + 1
  where id = $1::bigint and life {1} $2::bigint and next = $3::bigint returning id)
insert into "{0}".records (actor, number, behind, life, kind, payload_checksum, checksum, payload)
select id, $3::bigint, $4::bigint, $2::bigint, $5::smallint, $6::bigint, $7::bigint, $8::bytea from held)",
                     schema, fence);
}

/// R1: an opening under a higher life waits for the row, or was first; then no row is found.
std::string held_below(std::string_view schema) {
  return fmt::format(
      R"(with held as (select id from "{}".actors where id = $1::bigint and life < $2::bigint for share))",
      schema);
}

void add_segments(statements& s, std::string_view schema) {
  const auto held = held_below(schema);
  s.write_segment = fmt::format(R"({1}
insert into "{0}".segments (actor, term, number, checksum, payload)
select id, $3::bigint, $4::bigint, $5::bigint, $6::bytea from held)",
                                schema, held);
  s.list_segments = fmt::format(R"(select term, number from "{}".segments where actor = $1::bigint)", schema);
  s.read_segment = fmt::format(
      R"(select checksum, payload from "{}".segments where actor = $1::bigint and term = $2::bigint and number = $3::bigint)",
      schema);
  s.remove_segments = fmt::format(R"({1},
gone as (delete from "{0}".segments s using held, unnest($3::bigint[], $4::bigint[]) as n(term, number)
  where s.actor = held.id and s.term = n.term and s.number = n.number)
select count(*) from held)",
                                  schema, held);
  s.keep_segments = fmt::format(R"({1},
gone as (delete from "{0}".segments s using held where s.actor = held.id and s.term <= $5::bigint
  and not exists (select from unnest($3::bigint[], $4::bigint[]) as n(term, number) where s.term = n.term and s.number = n.number))
select count(*) from held)",
                                schema, held);
}

constexpr std::string_view record_columns =
    "r.number, r.behind, r.life, r.kind::bigint, r.payload_checksum, r.checksum, r.payload";

}  // namespace

expected<statements> statements_for(std::string_view schema) {
  if (!is_plain(schema))
    return user_error(
        ec::invalid_argument,
        fmt::format("\"{}\" cannot be the schema of chains; remedy: take small letters, digits and _, "
                    "{} at most, and a letter first",
                    schema, longest_name));
  statements s;
  s.trust = postgresql::trust_question(fmt::format("'{}'", schema), "'{actors,records,segments}'");
  s.tables_there = fmt::format(
      R"(select (to_regclass('"{0}".actors') is not null and to_regclass('"{0}".records') is not null
  and to_regclass('"{0}".segments') is not null)::int::bigint)",
      schema);
  s.make_tables = fmt::format(making, schema);
  s.make_actor = fmt::format(R"(insert into "{}".actors (topology, actor, format, life, next, mark, base)
values ($1::text, $2::text, {}, 0, 1, 0, 0) on conflict (topology, actor) do nothing)",
                             schema, stored_format);
  s.find_actor = fmt::format(
      R"(select format::bigint, id, life, next from "{}".actors where topology = $1::text and actor = $2::text)",
      schema);
  s.who_holds = fmt::format(R"(select life, next from "{}".actors where id = $1::bigint)", schema);
  s.open = append_where(schema, "<");
  s.append = append_where(schema, "=");
  s.read = fmt::format(R"(with a as (select id, life, mark,
    case when $2::bigint = 1 then mark else greatest(mark, base - 1) end as floor
    from "{0}".actors where id = $1::bigint)
select a.life, a.floor, {1} from a left join "{0}".records r on r.actor = a.id and r.number > a.floor)",
                       schema, record_columns);
  s.read_one =
      fmt::format(R"(select {1} from "{0}".records r where actor = $1::bigint and number = $2::bigint)",
                  schema, record_columns);
  s.trim = fmt::format(
      R"(with held as (update "{0}".actors set mark = greatest(mark, $3::bigint), base = $4::bigint
  where id = $1::bigint and life = $2::bigint returning id, mark),
gone as (delete from "{0}".records r using held where r.actor = held.id and r.number <= held.mark
  returning octet_length(r.payload) as bytes)
select (select count(*) from held), (select coalesce(sum(bytes), 0)::bigint from gone))",
      schema);
  s.bytes = fmt::format(
      R"(select coalesce(sum(octet_length(payload)), 0)::bigint from "{}".records where actor = $1::bigint)",
      schema);
  s.list = fmt::format(R"(select actor from "{}".actors where topology = $1::text)", schema);
  // An append waits for the row, and then finds none: it is refused.
  s.clear = fmt::format(R"(with gone as (delete from "{0}".actors where topology = $1::text returning id),
records as (delete from "{0}".records r using gone where r.actor = gone.id)
delete from "{0}".segments s using gone where s.actor = gone.id)",
                        schema);
  add_segments(s, schema);
  return s;
}

}  // namespace millrace::postgresql_chain
