<?php

declare(strict_types=1);

namespace App\Tasks;

/** Its listeners are in config/laravels.php and in its own list: some in both. */
class OtherEvent extends CodeEvent
{
    protected $listeners = [FirstListener::class];
}
