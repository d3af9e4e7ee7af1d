// Deferred<T>: an answer that may come later, from any thread, without a thread waiting for it.
//
//   Deferred<Rows> Start(Query query) {
//     auto [deferred, resolver] = Deferred<Rows>::Make();
//     resolver.OnCancel([id] { driver.Interrupt(id); });
//     driver.Run(query, [resolver](Result<Rows> rows) { resolver.Resolve(std::move(rows)); });
//     return std::move(deferred);
//   }
//
// Thread safe. Exactly one result arrives: the first Resolve wins, and when every Resolver is gone
// without one, an INTERNAL_ERROR does.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "base/result.h"

namespace ashlar::http {

template <typename T>
class DeferredState {
 public:
  void Resolve(Result<T> result) {
    std::function<void(Result<T>)> receiver;
    {
      std::lock_guard lock(mutex_);
      if (resolved_) return;
      resolved_ = true;
      on_cancel_ = nullptr;
      if (!receiver_) {
        result_.emplace(std::move(result));
        return;
      }
      receiver = std::move(receiver_);
    }
    receiver(std::move(result));
  }

  void Receive(std::function<void(Result<T>)> receiver) {
    {
      std::lock_guard lock(mutex_);
      if (!resolved_) {
        receiver_ = std::move(receiver);
        return;
      }
    }
    CHECK(result_.has_value()) << "a Deferred is received once";
    receiver(*std::exchange(result_, std::nullopt));
  }

  void Cancel() {
    std::function<void()> on_cancel;
    {
      std::lock_guard lock(mutex_);
      if (resolved_ || cancelled_) return;
      cancelled_ = true;
      on_cancel = std::move(on_cancel_);
    }
    if (on_cancel) on_cancel();
  }

  void OnCancel(std::function<void()> on_cancel) {
    {
      std::lock_guard lock(mutex_);
      if (resolved_) return;
      if (!cancelled_) {
        on_cancel_ = std::move(on_cancel);
        return;
      }
    }
    on_cancel();
  }

 private:
  std::mutex mutex_;
  bool resolved_ = false;
  bool cancelled_ = false;
  std::optional<Result<T>> result_;
  std::function<void(Result<T>)> receiver_;
  std::function<void()> on_cancel_;
};

// The giving end. Copies share one promise.
template <typename T>
class Resolver {
 public:
  explicit Resolver(std::shared_ptr<DeferredState<T>> state)
      : promise_(std::make_shared<Promise>(std::move(state))) {}

  void Resolve(Result<T> result) const { promise_->state->Resolve(std::move(result)); }
  // Runs once when the asker is gone or out of time; at once when that has happened. The work should
  // then stop, and still resolve.
  void OnCancel(std::function<void()> on_cancel) const {
    promise_->state->OnCancel(std::move(on_cancel));
  }

 private:
  struct Promise {
    explicit Promise(std::shared_ptr<DeferredState<T>> s) : state(std::move(s)) {}
    ~Promise() {
      state->Resolve(MakeError(ErrorCode::kInternalError, "the answer was dropped unresolved"));
    }
    std::shared_ptr<DeferredState<T>> state;
  };
  std::shared_ptr<Promise> promise_;
};

// The taking end; what a handler returns.
template <typename T>
class [[nodiscard]] Deferred {
 public:
  Deferred(Result<T> result) : Deferred() { state_->Resolve(std::move(result)); }  // NOLINT: implicit
  Deferred(Error error) : Deferred(Result<T>(std::move(error))) {}                 // NOLINT: implicit
  Deferred(Failure failure) : Deferred(Result<T>(std::move(failure))) {}           // NOLINT: implicit
  template <typename U = T>
    requires(!std::is_void_v<U> && std::is_same_v<U, T>)
  Deferred(U value) : Deferred(Result<T>(std::move(value))) {}  // NOLINT: implicit
  Deferred(Deferred&&) noexcept = default;
  Deferred& operator=(Deferred&&) noexcept = default;

  struct Pair;
  static Pair Make() {
    Deferred deferred;
    Resolver<T> resolver(deferred.state_);
    return Pair{std::move(deferred), std::move(resolver)};
  }

  // Calls `receiver` once: at once when the result is there, else from the resolving thread.
  void Then(std::function<void(Result<T>)> receiver) { state_->Receive(std::move(receiver)); }
  // Cancels the work behind this; callable after Then, from any thread.
  std::function<void()> Canceller() const {
    return [state = state_] { state->Cancel(); };
  }

 private:
  Deferred() : state_(std::make_shared<DeferredState<T>>()) {}
  std::shared_ptr<DeferredState<T>> state_;
};

template <typename T>
struct Deferred<T>::Pair {
  Deferred<T> deferred;
  Resolver<T> resolver;
};

// The deferred result of `convert` on the result; cancelling reaches through.
template <typename U, typename T, typename Convert>
Deferred<U> MapDeferred(Deferred<T> source, Convert convert) {
  auto [deferred, resolver] = Deferred<U>::Make();
  resolver.OnCancel(source.Canceller());
  source.Then([resolver = std::move(resolver), convert = std::move(convert)](Result<T> result) {
    resolver.Resolve(convert(std::move(result)));
  });
  return std::move(deferred);
}

}  // namespace ashlar::http
