# rserverd: GNU make. `make help` lists the targets.
MAKEFLAGS += --no-builtin-rules
BUILD ?= build
CC ?= gcc
PHP_CONFIG ?= php-config8.2
