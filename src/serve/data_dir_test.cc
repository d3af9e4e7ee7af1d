#include "serve/data_dir.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace ashlar::serve {
namespace {

TEST(DataDir, OneServerAtATime) {
  auto first = DataDir::MakeEphemeral();
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(DataDir::Open((*first)->path()).error().code, ErrorCode::kInvalidState);
}

TEST(DataDir, EphemeralLeavesNothing) {
  std::string path;
  {
    auto dir = DataDir::MakeEphemeral();
    ASSERT_TRUE(dir.ok());
    path = (*dir)->path();
    EXPECT_TRUE(std::filesystem::exists(path + "/managed"));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(DataDir, WhatAKilledServerLeftIsSweptAndALivingOneStays) {
  auto parent = DataDir::MakeEphemeral();
  ASSERT_TRUE(parent.ok());
  std::string folder = (*parent)->path();
  std::filesystem::create_directories(folder + "/ashlar-AAAAAA/managed");
  std::ofstream(folder + "/ashlar-AAAAAA/lock").flush();
  std::filesystem::create_directories(folder + "/ashlar-other/managed");  // nothing says it is ours
  auto living = DataDir::Open(folder + "/ashlar-BBBBBB");
  ASSERT_TRUE(living.ok());

  SweepAbandoned(folder, std::chrono::seconds(3600));
  EXPECT_TRUE(std::filesystem::exists(folder + "/ashlar-AAAAAA"));
  SweepAbandoned(folder, std::chrono::seconds(0));
  EXPECT_FALSE(std::filesystem::exists(folder + "/ashlar-AAAAAA"));
  EXPECT_TRUE(std::filesystem::exists(folder + "/ashlar-BBBBBB/managed"));
  EXPECT_TRUE(std::filesystem::exists(folder + "/ashlar-other"));
}

TEST(DataDir, RunFolderStartsEmpty) {
  auto temporary = DataDir::MakeEphemeral();
  std::string path = (*temporary)->path() + "/inner";
  {
    auto dir = DataDir::Open(path);
    ASSERT_TRUE(dir.ok());
  }
  std::filesystem::create_directories(path + "/run/driver-old");
  auto dir = DataDir::Open(path);
  ASSERT_TRUE(dir.ok());
  EXPECT_TRUE(std::filesystem::is_empty((*dir)->run_folder()));
}

}  // namespace
}  // namespace ashlar::serve
