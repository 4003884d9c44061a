<?php

declare(strict_types=1);

namespace App\Pollution;

use Illuminate\Database\Query\Grammars\SQLiteGrammar;

/** What a package gives a connection that shall speak another dialect. */
final class PollutedGrammar extends SQLiteGrammar
{
}
