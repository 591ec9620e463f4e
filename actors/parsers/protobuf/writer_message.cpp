#include "actors/parsers/protobuf/writer_message.hpp"

#include "actors/parsers/protobuf/wire_reader.hpp"
#include "runtime/data/text_encoding.hpp"

#include <fmt/format.h>

namespace millrace::parser::protobuf {

namespace pb = google::protobuf;

namespace {

bool read_index(wire_reader& from, std::uint64_t& out) {
  if (!from.read_varint(out))
    return false;
  out = (out >> 1) ^ (0 - (out & 1));
  return true;
}

std::string_view behind(const wire_reader& at, std::string_view record) {
  return record.substr(static_cast<std::size_t>(at.at() - record.data()));
}

}  // namespace

const pb::Descriptor* take_indexes(const schema& from, std::string_view& record, std::string& why) {
  wire_reader at(record);
  std::uint64_t count = 0;
  const auto fail = [&](std::string text) {
    why = std::move(text);
    return nullptr;
  };
  constexpr std::string_view cut_off =
      "the record ends within the message indexes, which stand behind the schema's id";
  if (!read_index(at, count))
    return fail(std::string(cut_off));
  if (count > most_depth)
    return fail(fmt::format(
        "the record has {} message indexes behind the schema's id, and messages nest no "
        "deeper than {}; is it Protobuf, written by way of a registry, and not in the form that Confluent "
        "calls deprecated?",
        static_cast<std::int64_t>(count), most_depth));
  const pb::Descriptor* found = nullptr;
  const auto enter = [&](std::uint64_t index) {
    const auto size = static_cast<std::uint64_t>(found == nullptr ? from.file().message_type_count()
                                                                  : found->nested_type_count());
    if (index >= size) {
      why = fmt::format("the record's message indexes ask for message {} of {}, which has {}", index,
                        found == nullptr ? "the schema" : found->full_name(), size);
      return false;
    }
    found = found == nullptr ? from.file().message_type(static_cast<int>(index))
                             : found->nested_type(static_cast<int>(index));
    return true;
  };
  if (count == 0 && !enter(0))
    return nullptr;
  for (std::uint64_t i = 0; i < count; ++i) {
    std::uint64_t index = 0;
    if (!read_index(at, index))
      return fail(std::string(cut_off));
    if (!enter(index))
      return nullptr;
  }
  record = behind(at, record);
  return found;
}

bool take_reference(const schema& from, std::string_view& record, const pb::Descriptor*& named,
                    std::string& why) {
  wire_reader at(record);
  std::string_view reference;
  named = nullptr;
  if (!at.read_bytes(reference)) {
    why = "the record ends within the reference to its message, which stands behind the schema's id";
    return false;
  }
  std::string_view name;
  wire_reader fields(reference);
  while (!fields.at_end()) {
    tag t;
    if (!fields.read_tag(t) ||
        !(t.number == 1 && t.type == wire::length ? fields.read_bytes(name) : fields.skip(t))) {
      why = "the reference to the record's message, behind the schema's id, is damaged";
      return false;
    }
  }
  if (!name.empty()) {
    const std::string text(name);
    named = from.file().FindMessageTypeByName(text);
    if (named == nullptr) {
      const auto found = from.find(text);
      if (!found) {
        why = "of the record's reference to its message: " + found.error().message;
        return false;
      }
      named = *found;
    }
  }
  record = behind(at, record);
  return true;
}

}  // namespace millrace::parser::protobuf
