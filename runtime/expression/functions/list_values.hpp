// Lists outside of columns: made in a chunk's arena, kept by constants, written as PostgreSQL writes arrays.
#pragma once

#include "runtime/expression/values.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace millrace::expression {

/// Bytes of one element in an array of that kind.
[[nodiscard]] std::size_t size_of(kind k);
/// An array of `count` elements, all zero or empty.
[[nodiscard]] void* allocate_zeros(arena& memory, kind k, std::size_t count);

/// A list of texts in the arena; nulls where a pointer is null.
[[nodiscard]] list_value list_of_texts(arena& memory, std::span<const std::string_view* const> texts);
/// PostgreSQL's array literal: {a,"b c",NULL}. False where it is malformed, or has lists in it.
[[nodiscard]] bool read_list(std::string_view text, arena& memory, list_value& out);

/// The same, as PostgreSQL writes arrays.
void write_list(std::string& out, const list_value& v);
/// An element as a cast to text writes it (a boolean as t or f); of scalars and lists.
void write_element(std::string& out, const list_value& v, std::size_t i);

/// A list that owns all that it refers to. Holds scalars and lists of them.
[[nodiscard]] std::shared_ptr<const list_value> owned_copy(const list_value& v);
/// Equal for equal lists.
[[nodiscard]] std::string shown_elements(const list_value& v);

/// Appends element i of an array to a column of its type.
void append_value(data::column_builder& out, kind k, const void* array, std::size_t i);
/// Says of a time in it that no column holds it; nothing where all are fit. Inside an expression times reach as
/// far as PostgreSQL's.
[[nodiscard]] std::optional<std::string> far_time(kind k, const void* array, std::size_t i);
/// Bytes of text in it.
[[nodiscard]] std::size_t text_bytes(kind k, const void* array, std::size_t i);

}  // namespace millrace::expression
