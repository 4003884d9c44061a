<?php
namespace Swoole\Http;

/** The constants are made from the table of phrases. */
class Status
{
    public static function getReasonPhrases(): array {}

    public static function getReasonPhrase(int $value): string {}
}
