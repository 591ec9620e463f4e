#include "actors/connectors/sql/client/trust.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace millrace::postgresql {
namespace {

/// `parts` are a table and all that goes with it when it is dropped: triggers, rules, constraints, defaults, indexes,
/// policies, statistics, partitions, and what goes with these. Each depends on the functions, operators and types that
/// it calls. pg_database_owner (PostgreSQL 14) stands for the database's owner.
constexpr std::string_view question = R"(
with recursive me as (
  select r.oid, quote_ident(r.rolname) as name, (r.rolsuper or s.rolsuper) as super
  from pg_roles r, pg_roles s where r.rolname = current_user and s.rolname = session_user),
granted as (
  select r.oid from pg_roles r, me where r.oid = me.oid or r.rolsuper
    or (not me.super and (pg_has_role(me.oid, r.oid, 'usage')
      or r.oid = (select d.datdba from pg_database d where d.datname = current_database())))),
trusted as (
  select oid from granted union all
  select r.oid from pg_roles r, pg_database d, granted g
  where r.rolname = 'pg_database_owner' and d.datname = current_database() and g.oid = d.datdba),
place as (select n.oid, n.nspowner, n.nspacl, quote_ident(n.nspname) as name from pg_namespace n where n.nspname = cast({0} as text)),
chosen as (
  select c.oid, c.relowner, c.relacl, p.name || '.' || quote_ident(c.relname) as name
  from place p join pg_class c on c.relnamespace = p.oid where c.relname = any (cast(cast({1} as text) as name[]))),
parts as (
  select c.name, 'pg_class'::regclass::oid as class, c.oid as part from chosen c
  union
  select p.name, d.classid, d.objid from parts p join pg_depend d on d.refclassid = p.class and d.refobjid = p.part
  where d.deptype in ('a', 'i', 'I', 'P', 'S')),
called as (
  select 'pg_proc'::regclass as class, oid, proowner as owner, 'function ' || oid::regprocedure::text as name from pg_proc
  union all select 'pg_operator'::regclass, oid, oprowner, 'operator ' || oid::regoperator::text from pg_operator
  union all select 'pg_type'::regclass, oid, typowner, 'type ' || format_type(oid, null) from pg_type
  union all select 'pg_opclass'::regclass, oid, opcowner, 'operator class ' || quote_ident(opcname) from pg_opclass),
foreign_code as (
  select p.name as table_name, k.name, k.owner from parts p join pg_depend d on d.classid = p.class and d.objid = p.part
    join called k on k.class = d.refclassid and k.oid = d.refobjid
  union select c.name, 'the foreign key of table ' || k.conrelid::regclass::text, r.relowner
    from chosen c join pg_constraint k on k.confrelid = c.oid join pg_class r on r.oid = k.conrelid
  union select c.name, 'the triggers of table ' || i.inhrelid::regclass::text, r.relowner
    from chosen c join pg_inherits i on i.inhparent = c.oid join pg_class r on r.oid = i.inhrelid),
grants as (
  select c.name, a.grantee, a.privilege_type from chosen c, aclexplode(c.relacl) a where a.grantee <> c.relowner
  union select c.name, a.grantee, a.privilege_type
    from chosen c join pg_attribute t on t.attrelid = c.oid, aclexplode(t.attacl) a where a.grantee <> c.relowner),
written as (
  select name, grantee, lower(string_agg(privilege_type, ', ' order by privilege_type)) as rights from grants
  where privilege_type not in ('SELECT', 'MAINTAIN') and grantee not in (select oid from trusted) group by name, grantee),
found as (
  select 0 as kind, format('table %s belongs to role %s', c.name, quote_ident(pg_get_userbyid(c.relowner))) as text,
    format('drop it where it is none of yours, else: alter table %s owner to %s', c.name, me.name) as remedy
  from chosen c, me where c.relowner not in (select oid from trusted)
  union all
  select 1, format('table %s runs %s of role %s', f.table_name, f.name, quote_ident(pg_get_userbyid(f.owner))),
    format('drop what runs it; only after you have read it: alter its owner to %s', me.name)
  from foreign_code f, me where f.owner not in (select oid from trusted)
  union all
  select 2, format('schema %s belongs to role %s', p.name, quote_ident(pg_get_userbyid(p.nspowner))),
    format('alter schema %s owner to %s', p.name, me.name)
  from place p, me where p.nspowner not in (select oid from trusted)
  union all
  select 3, format('%s may %s on table %s', case w.grantee when 0 then 'every role' else 'role ' || quote_ident(pg_get_userbyid(w.grantee)) end,
      w.rights, w.name),
    format('revoke %s on %s from %s', w.rights, w.name, case w.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(w.grantee)) end)
  from written w
  union all
  select 4, format('%s may create tables in schema %s',
      case a.grantee when 0 then 'every role' else 'role ' || quote_ident(pg_get_userbyid(a.grantee)) end, p.name),
    format('revoke create on schema %s from %s', p.name,
      case a.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end)
  from place p, aclexplode(p.nspacl) a
  where a.privilege_type = 'CREATE' and a.grantee <> p.nspowner and a.grantee not in (select oid from trusted))
select cast(f.kind as text), f.text, f.remedy, me.name, case when me.super then '1' else '0' end from found f, me order by 1, 2)";

}  // namespace

std::string trust_question(std::string_view schema, std::string_view tables) {
  return fmt::format(question, schema, tables);
}

std::string array_text(std::span<const std::string_view> names) {
  std::string out = "{";
  for (const auto& name : names) {
    out += out.size() == 1 ? "\"" : ",\"";
    for (const char c : name) {
      if (c == '"' || c == '\\')
        out += '\\';
      out += c;
    }
    out += '"';
  }
  return out + '}';
}

std::optional<trust_finding> read_finding(std::span<const std::string> row) {
  if (row.size() != trust_columns || row[0].size() != 1 || row[0][0] < '0' || row[0][0] > '4')
    return std::nullopt;
  return trust_finding{static_cast<trust_kind>(row[0][0] - '0'), row[1], row[2], row[3], row[4] == "1"};
}

std::string describe(std::span<const trust_finding> found) {
  std::string texts, remedies;
  for (const auto& f : found) {
    texts += (texts.empty() ? "" : "; ") + f.text;
    remedies += (remedies.empty() ? "" : "; ") + f.remedy;
  }
  return fmt::format("{}; remedy: {}", texts, remedies);
}

}  // namespace millrace::postgresql
