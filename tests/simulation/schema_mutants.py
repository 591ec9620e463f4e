"""Rules of records with schemas (docs/design/schemas.md), each left out by one change of one source: left out, each would lose, double or misread rows.

(name, the rule, source, text as it stands, once, text without the rule)
"""

AVRO_MUTANTS = [
    ("avro_alias", "a field is found by a former name", "runtime/avro/resolution.cpp",
     "const auto at = written.find(alias); at != written.end()", "const auto at = written.find(alias); false && at != written.end()"),
    ("avro_symbol", "a symbol that the reader's enum does not have is its default", "runtime/avro/resolution.cpp",
     "out.symbols.push_back({r.symbols[*r.other]});", "out.symbols.push_back({s});"),
    ("avro_branch", "a branch of the very type comes before one that fits", "runtime/avro/resolution.cpp",
     "t.is == w->is && t.name == w->name && fits", "false && t.is == w->is && fits"),
    ("avro_scale", "a decimal has the scale that was written", "runtime/avro/resolution.cpp",
     "return alike ? writer : reader;", "return reader;"),
    ("avro_millis", "milliseconds count as such", "runtime/avro/resolution.cpp",
     "out.micros = millis ? 1'000 : 1;", "out.micros = 1;"),
    ("avro_skip_items", "items of one size are passed all", "runtime/avro/skip.cpp",
     "!at.pass(count * *item.length)", "!at.pass(*item.length)"),
    ("avro_skip_block", "a block that says its bytes has as many", "runtime/avro/skip.cpp",
     "      if (!at.pass(*size))\n        return false;\n      continue;", "      continue;"),
    ("avro_skip_end", "a text that is passed does not reach beyond its record", "runtime/avro/skip.cpp",
     "(zigzag & 1) == 0 && end - place > zigzag / 2", "(zigzag & 1) == 0"),
    ("avro_rest", "a record with bytes behind its last field is of another schema", "actors/parsers/avro/record_decoder.cpp",
     "  if (at.left() != 0)\n    return fail", "  if (false)\n    return fail"),
    ("avro_plan", "a plan is used for its own schema alone", "actors/parsers/avro/avro_parser.cpp",
     "if (plan.text != text && *plan.text != *text)", "if (false)"),
]

CONTAINER_MUTANTS = [
    ("container_passed", "records of a block that is passed are counted", "actors/connectors/file/source/container_reader.cpp",
     "      number_ += block->head.records;\n", ""),
    ("container_rest", "records behind a broken one keep their positions", "actors/connectors/file/source/container_reader.cpp",
     "  number_ += std::exchange(left_, 0);", "  left_ = 0;"),
    ("container_last", "a block's last record ends with it", "actors/connectors/file/source/container_reader.cpp",
     "size && (left_ > 1 || *size == rest.size())", "size"),
    ("container_sync", "the sync marker stands behind each block", "actors/connectors/file/source/container_file.cpp",
     "if (std::ranges::equal(sync, head_.sync))", "if (true)"),
]

REGISTRY_MUTANTS = [
    ("schema_assigned", "a partition that is assigned anew has nothing left of before", "actors/registry/registered_reader.cpp",
     "  held_.erase(partition);\n  if (held_.empty())\n    waits_no_more();\n  return own_->assign", "  return own_->assign"),
    ("schema_turn", "records from before a schema was known stay without it", "actors/registry/registered_reader.cpp",
     "  if (turn) {\n", "  if (turn && false) {\n"),
    ("schema_unknown", "a later life knows which records were without a schema", "actors/registry/known_schemas.cpp",
     "  unknown_.merge(kept.unknown);\n", ""),
    ("schema_of_state", "the state's schema holds", "actors/registry/known_schemas.cpp",
     "  for (const auto& [id, e] : by_id_)\n    out += e.packed;\n", ""),
    ("schema_part", "a chunk that is cut in two has each record once", "actors/stream/source/chunk_part.cpp",
     "  out.to = behind(c, last);", "  out.to = c.to;"),
]

PROTOBUF_MUTANTS = [
    ("protobuf_oneof", "a oneof has one member", "actors/parsers/protobuf/message_reader.cpp",
     "        slots_[slots + static_cast<std::size_t>(before)] = {};\n", "        static_cast<void>(before);\n"),
    ("protobuf_merged", "parts of one message are merged", "actors/parsers/protobuf/message_reader.cpp",
     "(!field.repeated && !field.is_message())", "!field.repeated"),
    ("protobuf_closed", "a number that a closed enum does not have is none", "actors/parsers/protobuf/message_reader.cpp",
     "  if (field.closed_enum && !value.packed && !has_number", "  if (false && !has_number"),
    ("protobuf_indexes", "the message begins behind its indexes", "actors/parsers/protobuf/writer_message.cpp",
     "  record = behind(at, record);\n  return found;", "  return found;"),
]

ROW_MUTANTS = [
    ("row_sign", "a decimal keeps the byte that says its sign", "runtime/avro/bytes_of_value.cpp",
     "- signless / bits_of_byte;", "- (signless + 1) / bits_of_byte;"),
    ("row_list_end", "no block follows a list's last", "runtime/avro/row_encoder.cpp",
     "  append_long(out, 0);  // no block follows", "  if (to == from)\n    append_long(out, 0);"),
]

PART_MUTANTS = [
    ("part_header", "a part of a chunk has the header of its file", "actors/stream/source/chunk_part.cpp",
     "  out.header = c.header;\n", ""),
]
