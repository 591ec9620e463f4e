// Growing plain memory for millions of rows: realloc moves pages instead of bytes and large buffers grow by a
// quarter, so that a table of 10 M keys has little slack and no second copy while it grows.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <utility>

namespace millrace::window {

class buffer {
public:
  buffer() = default;
  buffer(buffer&& o) noexcept
      : data_(std::exchange(o.data_, nullptr)), size_(std::exchange(o.size_, 0)),
        capacity_(std::exchange(o.capacity_, 0)) {}
  buffer& operator=(buffer&& o) noexcept {
    std::swap(data_, o.data_);
    std::swap(size_, o.size_);
    std::swap(capacity_, o.capacity_);
    return *this;
  }
  ~buffer() { std::free(data_); }

  /// n more bytes, not initialised; valid until the next call. Never null.
  std::byte* extend(std::size_t n) {
    if (capacity_ - size_ < n || data_ == nullptr)
      grow(n);
    auto* at = data_ + size_;
    size_ += n;
    return at;
  }
  void reserve(std::size_t n) {
    if (n > capacity_)
      grow(n - size_);
  }
  void clear() { size_ = 0; }
  [[nodiscard]] std::byte* data() const { return data_; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t capacity() const { return capacity_; }

private:
  void grow(std::size_t n) {
    constexpr std::size_t large = 1 << 20;  // a larger realloc is mostly a change of the page table
    const auto wanted =
        std::max({size_ + n, capacity_ + (capacity_ < large ? capacity_ : capacity_ / 4), std::size_t{64}});
    auto* p = static_cast<std::byte*>(std::realloc(data_, wanted));
    if (p == nullptr)
      throw std::bad_alloc();
    data_ = p;
    capacity_ = wanted;
  }

  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace millrace::window
