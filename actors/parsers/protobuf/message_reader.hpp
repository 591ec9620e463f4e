// Reads a message's bytes into the builders of its columns, without an object of it in between. A field's last value
// counts, the parts of an embedded message are one, as Protobuf has it. What a bad record has appended is to be cut off by
// the caller.
#pragma once

#include "actors/parsers/protobuf/message_json.hpp"
#include "actors/parsers/protobuf/message_plan.hpp"
#include "actors/parsers/record_budget.hpp"
#include "runtime/data/column.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::parser::protobuf {

class message_reader {
public:
  /// Appends one value to each of `columns`, of which there is one for each of the plan's.
  [[nodiscard]] bool read(object_plan& plan, std::string_view message,
                          std::span<data::column_builder* const> columns);
  /// The error of the record.
  [[nodiscard]] std::string why() const;

private:
  /// Builders of the columns of a message: those of the record, or the members of one.
  struct target {
    std::span<data::column_builder* const> columns{};
    data::column_builder* object = nullptr;
    [[nodiscard]] data::column_builder& at(std::size_t i) const {
      return object != nullptr ? object->child(i) : *columns[i];
    }
  };
  static constexpr std::uint32_t none = 0xFFFF'FFFF;
  /// What was found of a field; several values are a list of parts.
  struct slot {
    wire_value value{};
    std::uint32_t more = none;  // the part behind value
    std::uint32_t last = none;
    bool is_set = false;
  };
  struct part {
    wire_value value{};
    std::uint32_t next = none;
  };

  [[nodiscard]] bool read_message(object_plan& plan, std::string_view bytes, std::uint32_t more,
                                  std::uint32_t depth, const target& to);
  [[nodiscard]] bool read_fields(object_plan& plan, std::string_view bytes, std::size_t slots,
                                 std::uint32_t depth, const target& to);
  [[nodiscard]] bool read_field(object_plan& plan, std::uint32_t index, wire_reader& from, const tag& t,
                                std::size_t slots, std::uint32_t depth, const target& to);
  void keep(const field_shape& field, const wire_value& value, slot& in);
  [[nodiscard]] bool append_elements(column_plan& list, const wire_value& value, std::uint32_t depth,
                                     data::column_builder& out);
  [[nodiscard]] bool append_element(column_plan& element, const wire_value& value, std::uint32_t depth,
                                    data::column_builder& out);
  [[nodiscard]] bool append_column(column_plan& column, const slot& in, std::uint32_t depth,
                                   data::column_builder& out);
  [[nodiscard]] bool append_value(column_plan& column, const slot& in, std::uint32_t depth,
                                  data::column_builder& out);
  [[nodiscard]] bool append_scalar(column_plan& column, const wire_value& value, data::column_builder& out);
  [[nodiscard]] bool append_json(column_plan& column, const slot& in, std::uint32_t depth,
                                 data::column_builder& out);
  [[nodiscard]] bool append_time(column_plan& column, const slot& in, data::column_builder& out);
  [[nodiscard]] bool append_wrapped(column_plan& column, const slot& in, data::column_builder& out);
  [[nodiscard]] static bool append_converted(column_plan& column, bool appended, std::string& why);
  /// The last values of scalar fields in all parts of a message, by their index; of one that has a few.
  [[nodiscard]] bool read_scalars(const message_shape& shape, const slot& in, std::span<wire_value> out);
  [[nodiscard]] std::span<const wire_value> gather(const slot& in);
  [[nodiscard]] bool spend(std::size_t bytes);
  bool fail(std::string why);
  bool fail_in(const std::string& name);
  bool fail_damaged();

  std::vector<slot> slots_;  // of the messages that are open, innermost last
  std::vector<part> parts_;
  std::vector<wire_value> gathered_;
  message_json json_;
  std::string text_;
  std::string digits_;
  record_budget budget_;
  std::string why_;
  std::string path_;
};

}  // namespace millrace::parser::protobuf
