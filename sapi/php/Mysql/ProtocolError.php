<?php

declare(strict_types=1);

namespace Rserverd\Mysql;

use RuntimeException;

/** What came is not what the MySQL protocol has in that place. It never leaves Connection. */
final class ProtocolError extends RuntimeException
{
}
