// An array that grows and never shrinks, of plain data. (Not std::vector: see task.hpp.) A vector
// may be loaded from its last element on: what lies behind is readable, and means nothing.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace crossent::CROSSENT_UNIT {

template <class T>
class Buffer {
    T* data_ = nullptr;
    int64_t size_ = 0, room_ = 0;

   public:
    Buffer() = default;
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;
    ~Buffer() { std::free(data_); }

    // At least `count` elements; what they held is lost when they move.
    void reserve(int64_t count) {
        if (count <= room_) return;
        std::free(data_);
        const size_t bytes = (size_t(count) * sizeof(T) + 127) / 64 * 64;
        data_ = static_cast<T*>(std::aligned_alloc(64, bytes));
        if (data_ == nullptr) std::abort();
        room_ = count;
    }
    void push_back(const T& value) {
        if (size_ == room_) {
            Buffer wider;
            wider.reserve(room_ < 8 ? 16 : 2 * room_);
            if (size_ != 0) std::memcpy(static_cast<void*>(wider.data_), data_, size_t(size_) * sizeof(T));
            std::free(data_);
            data_ = wider.data_;
            room_ = wider.room_;
            wider.data_ = nullptr;
        }
        data_[size_++] = value;
    }
    void clear() { size_ = 0; }
    void swap(Buffer& other) {
        std::swap(data_, other.data_);
        std::swap(size_, other.size_);
        std::swap(room_, other.room_);
    }
    int64_t size() const { return size_; }
    T* data() { return data_; }
    const T* data() const { return data_; }
    T& operator[](int64_t i) { return data_[i]; }
    const T& operator[](int64_t i) const { return data_[i]; }
    T* begin() { return data_; }
    T* end() { return data_ + size_; }
    const T* begin() const { return data_; }
    const T* end() const { return data_ + size_; }
};

}  // namespace crossent::CROSSENT_UNIT
