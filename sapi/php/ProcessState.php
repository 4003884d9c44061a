<?php

declare(strict_types=1);

namespace Rserverd;

/**
 * What a request can change in PHP itself and php-fpm would put back at its end: time zone, locale, encoding, working
 * directory, umask, libxml's error mode, error and exception handlers. Looked at only when one of the functions that
 * change them was called (sapi/php_touch.c); then each is compared first.
 */
final class ProcessState
{
    /** Handlers nest; more than this is a leak of the application's, and then ours is set anew. */
    private const MOST_HANDLERS = 64;

    private readonly string $timezone;

    private readonly string $locale;

    private readonly ?string $encoding;

    private readonly string|int|null $substitute;

    private readonly ?bool $libxmlErrors;

    private readonly string $directory;

    private readonly int $umask;

    private readonly mixed $errorHandler;

    private readonly mixed $exceptionHandler;

    public function __construct()
    {
        $this->timezone = date_default_timezone_get();
        $this->locale = setlocale(LC_ALL, '0');
        $this->encoding = function_exists('mb_internal_encoding') ? mb_internal_encoding() : null;
        $this->substitute = function_exists('mb_substitute_character') ? mb_substitute_character() : null;
        $this->libxmlErrors = function_exists('libxml_use_internal_errors') ? libxml_use_internal_errors() : null;
        $this->directory = (string) getcwd();
        $this->umask = umask();
        $this->errorHandler = self::errorHandler();
        $this->exceptionHandler = self::exceptionHandler();
    }

    public function restore(): void
    {
        if (!touched()) {
            return;
        }
        if (date_default_timezone_get() !== $this->timezone) {
            date_default_timezone_set($this->timezone);
        }
        if (setlocale(LC_ALL, '0') !== $this->locale) {
            setlocale(LC_ALL, $this->locale);
        }
        if ($this->encoding !== null && mb_internal_encoding() !== $this->encoding) {
            mb_internal_encoding($this->encoding);
        }
        if ($this->substitute !== null && mb_substitute_character() !== $this->substitute) {
            mb_substitute_character($this->substitute);
        }
        if ($this->libxmlErrors !== null && libxml_use_internal_errors() !== $this->libxmlErrors) {
            libxml_use_internal_errors($this->libxmlErrors);
        }
        if (getcwd() !== $this->directory && $this->directory !== '') {
            @chdir($this->directory);
        }
        umask($this->umask);
        if (self::errorHandler() !== $this->errorHandler) {
            $this->restoreErrorHandler();
        }
        if (self::exceptionHandler() !== $this->exceptionHandler) {
            $this->restoreExceptionHandler();
        }
        touched(); // by what was just called here
    }

    private function restoreErrorHandler(): void
    {
        for ($i = 0; $i < self::MOST_HANDLERS; $i++) {
            restore_error_handler();
            if (self::errorHandler() === $this->errorHandler) {
                return;
            }
        }
        set_error_handler($this->errorHandler);
    }

    private function restoreExceptionHandler(): void
    {
        for ($i = 0; $i < self::MOST_HANDLERS; $i++) {
            restore_exception_handler();
            if (self::exceptionHandler() === $this->exceptionHandler) {
                return;
            }
        }
        set_exception_handler($this->exceptionHandler);
    }

    /** PHP 8.2 tells the handler in force only to somebody who replaces it. */
    private static function errorHandler(): mixed
    {
        $handler = set_error_handler(null);
        restore_error_handler();

        return $handler;
    }

    private static function exceptionHandler(): mixed
    {
        $handler = set_exception_handler(null);
        restore_exception_handler();

        return $handler;
    }
}
