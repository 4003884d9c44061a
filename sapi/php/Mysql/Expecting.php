<?php

declare(strict_types=1);

namespace Rserverd\Mysql;

/** What a connection waits for. */
enum Expecting
{
    case Greeting;
    case Admission;
    case Nothing;
    case Answer;
    case Columns;
    case Rows;

    public function loggingIn(): bool
    {
        return $this === self::Greeting || $this === self::Admission;
    }
}
