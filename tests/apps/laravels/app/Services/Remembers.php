<?php

declare(strict_types=1);

namespace App\Services;

/** A singleton with state, which a cleaner of config/laravels.php empties after every request. */
class Remembers
{
    public int $requests = 0;
}
